"""What the people of the demo write: assignments, feedback, survey answers, needs and reasons, put together at random.

These are words of made-up people, so they are Swedish and stand outside the catalogue of the screens.
"""

import random
from functools import lru_cache

import typst

PLACES = (
    "Kommunhuset, sal Linden", "Biblioteket, studierummet", "Arbetsmarknadsenheten, konferensrummet",
    "Folkets hus, lilla salen", "Kommunhuset, sal Björken",
)  # fmt: skip

USER_ASSIGNMENT = (
    (
        "Jag har läst Robins två skattningar bredvid varandra.",
        "Robins två skattningar ligger åtta veckor isär, och jag började med att bara läsa dem.",
        "Först jämförde jag de två tillfällena utan att tolka något.",
    ),
    (
        "Tron på att få ett arbete har gått ner ett steg men vardagen fungerar bättre. Av två tillfällen går det inte "
        "att säga att något är en trend, så det tar jag med som en fråga.",
        "Kunskapen om arbetsmarknaden är högre men sökbeteendet oförändrat. Varför vet jag inte, och det tänker jag "
        "be Robin själv berätta.",
        "Samarbetsförmågan är det som ändrats mest. Jag vet inte vad som ligger bakom och låter bli att gissa.",
    ),
    (
        "Jag föreslår två aktiviteter som går samtidigt: två förmiddagar i veckan på en arbetsplats och ett samtal i "
        "veckan om hälsa och sömn.",
        "Planen är praktik tre halvdagar i veckan och samtidigt en kort kurs i yrkessvenska, så att inget får vänta "
        "på det andra.",
        "Robin provar ett arbete i köket på ett äldreboende två dagar i veckan och har samtidigt budgetrådgivning.",
    ),
    (
        "Mina frågor: Vad har varit annorlunda sedan sist? Vad vill du att jag ska förstå om siffran tre? Vem mer "
        "behöver veta om planen?",
        "Jag frågar: När gick det bra senast? Vad hände då? Vad skulle göra nästa vecka lite lättare?",
        "Jag vill fråga: Hur kom du fram till siffran? Vad behöver finnas på plats för att den ska bli en till?",
    ),
    (
        "Till nästa skattning hör jag av mig varje fredag, också när inget särskilt har hänt.",
        "Vi bokar tid för nästa skattning redan nu, och det är jag som håller i den också då.",
        "Jag säger högt att jag tror på planen, och skriver ner vad vi lovat varandra.",
    ),
)
TRAINER_ASSIGNMENT = (
    (
        "Omgången i Björkvik har tolv platser och två pass på fyra timmar.",
        "Jag planerar Björkviks första omgång för tio personer, två pass med två veckor emellan.",
    ),
    (
        "Mer än halva tiden är övning: skattningssamtal tre och tre, där en alltid är observatör.",
        "I varje pass övar deltagarna två gånger på samma samtal, andra gången med ombytta roller.",
    ),
    (
        "Inbjudan är en sida, frågar efter behov av hjälpmedel och anpassning och har EU-emblemet med texten överst.",
        "I inbjudan frågar jag vilka anpassningar som behövs, vem som läser svaret står där, och EU:s emblem syns.",
    ),
    (
        "Provinlämningen når två av fyra kriterier. Jag skickar tillbaka den med en fråga och ett exempel.",
        "Jag godkänner inte provinlämningen än: aktiviteterna ligger efter varandra. Jag skriver vad som räcker.",
    ),
    (
        "De horisontella principerna finns i exemplen, i lokalvalet och i frågorna efteråt, inte som ett eget block.",
        "Jag räknar talutrymme i övningarna, väljer lokal med hörslinga och frågar om lika villkor i enkäten.",
    ),
)
RETURNED = (
    "Bra frågor till samtalet. Aktiviteterna ligger efter varandra: visa hur minst två kan gå samtidigt.",
    "Du drar en slutsats av två skattningar som de inte bär. Skriv om det stycket som en fråga i stället.",
    "Det saknas en aktivitet med fokus på arbete eller studier. Lägg till en och säg när den börjar.",
)
APPROVED = (
    "Tydligt och genomtänkt. Frågorna går att använda som de står.",
    "Godkänt. Fint att kontinuiteten är planerad redan nu.",
    "Alla fyra kriterierna är uppfyllda. Ta med planen till nätverket.",
    "",
)
ADDED = (
    "Jag har ändrat så att aktiviteterna går samtidigt från vecka två.",
    "Tillägg: studiebesöket på en arbetsplats börjar samma vecka som samtalen.",
)
NEEDS = (
    "Jag hör dåligt och behöver hörslinga eller en plats långt fram.",
    "Jag behöver materialet i förväg för att kunna läsa med talsyntes.",
    "Jag använder rullstol och behöver en lokal utan trappor.",
    "Jag behöver en paus varje timme.",
)
PLAN = """
#set document(title: "Plan vecka för vecka", date: none)
#set page(paper: "a4", margin: 25mm)
#set text(lang: "sv", size: 11pt)
= Plan vecka för vecka
#table(columns: (auto, 1fr, 1fr),
  [*Vecka*], [*Mot arbete*], [*Samtidigt*],
  [1–2], [Studiebesök i två kök], [Samtal om sömn, en gång i veckan],
  [3–6], [Praktik tre halvdagar], [Budgetrådgivning],
  [7–12], [Praktik fyra halvdagar, ansökningar], [Promenadgrupp],
  [13], [Skattning tillsammans], [Ny plan],
)
"""
WRITTEN = {
    "most_useful": (
        "Att vänta in svaret i skattningssamtalet.", "Frågorna om vad som ligger bakom en siffra.",
        "Att två aktiviteter kan gå samtidigt.", "Övningarna tre och tre.", "Att min egen tilltro spelar roll.",
        "Att jag ska hålla i samtalet varje gång.",
    ),
    "change": (
        "Mer tid till övning andra passet.", "Skicka materialet en vecka tidigare.", "En kortare genomgång i början.",
        "Gärna båda passen på plats.", "Fler exempel från små kommuner.", "Ingenting, det var bra.",
    ),
    "needs": ("Tid avsatt av min chef.", "Någon att leda första omgången tillsammans med.", "En färdig inbjudan."),
    "support": ("Ett bollplank när en inlämning är svår att bedöma.", "Hjälp med digitala verktyg i pass två."),
    "obstacle": ("Tiden mellan samtalen.", "Många byter handläggare.", "Att alla inte har gått kursen än.",
                 "Lokaler som går att boka."),
}  # fmt: skip


def assignment(chance: random.Random, level: str) -> str:
    """An assignment handed in: one way of saying each of its five parts."""
    parts = TRAINER_ASSIGNMENT if level == "trainer" else USER_ASSIGNMENT
    return "\n\n".join(chance.choice(ways) for ways in parts)


@lru_cache(maxsize=1)
def plan_as_pdf() -> bytes:
    """A page that some hand in beside their text: a plan week by week."""
    return bytes(typst.compile(PLAN.encode(), format="pdf"))
