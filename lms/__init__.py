"""The platform: people, projects, sign-in, permissions, audit, mail, jobs. It knows neither course nor certificate."""
