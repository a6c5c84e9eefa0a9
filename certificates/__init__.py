"""What a certificate is: a self-contained statement that can be checked after every course row is gone."""
