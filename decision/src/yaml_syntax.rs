//! The YAML parser's complaints in Swedish, with what to do about the usual ones.

/// What is wrong and what to do, for the parser's message.
pub fn in_swedish(message: &str) -> (String, &'static str) {
    let known = KNOWN.iter().find(|(part, ..)| message.contains(part));
    known.map_or_else(
        || {
            (
                format!("filen är inte rätt YAML ({})", without_place(message)),
                "se över indrag, kolon och citattecken här",
            )
        },
        |(_, what, hint)| ((*what).to_owned(), *hint),
    )
}

/// The parser's own line and column count otherwise than ours.
fn without_place(message: &str) -> &str {
    message.split(" at char ").next().unwrap_or(message)
}

/// A part of the message, what is wrong, and what to do. The first that fits is told.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "mapping values are not allowed",
        "här kan inget kolon stå",
        "se över indraget; en text med `: ` i behöver citattecken",
    ),
    ("tabs disallowed", "indrag får inte göras med tabb", "byt tabbarna mot mellanslag"),
    (
        "did not find expected ',' or '}'",
        "`,` eller `}` väntades här",
        "uttryck inom `{…}` behöver citattecken: \"${…}\"; annars saknas ett komma eller `}`",
    ),
    ("expected ',' or ']'", "`,` eller `]` väntades här", "skilj listans delar åt med komma och avsluta den med `]`"),
    ("unclosed bracket '{'", "`{` har inget slut", "avsluta med `}`"),
    ("unclosed bracket '['", "`[` har inget slut", "avsluta med `]`"),
    ("unclosed bracket", "parentesen har inget slut", "avsluta den"),
    (
        "misplaced bracket",
        "parentesen hör inte hit",
        "ta bort den; text med `{`, `}`, `[` eller `]` behöver citattecken",
    ),
    ("unclosed quote", "citattecknet har inget slut", "sätt ett likadant citattecken där texten slutar"),
    (
        "invalid trailing content after",
        "här står något efter det avslutande citattecknet",
        "ett citattecken inne i texten skrivs dubbelt ('') eller med \\ före (\\\")",
    ),
    (
        "unknown escape character",
        "tecknet efter \\ betyder inget",
        "använd enkla citattecken, där \\ är ett vanligt tecken",
    ),
    ("expected '-' indicator", "en rad i listan börjar inte med `- `", "se över indraget, eller lägg till `- `"),
    ("block sequence entries are not allowed", "här kan ingen lista börja", "sätt listan på egna rader under nyckeln"),
    ("did not find expected key", "raden har fel indrag", "ställ den lika långt in som raderna den hör till"),
    ("invalid indentation", "raden har fel indrag", "ställ den lika långt in som raderna den hör till"),
    ("simple key expected ':'", "efter namnet saknas ett kolon", "skriv `namn: värde`"),
    (
        "did not find expected node content",
        "här väntades ett värde",
        "skriv värdet; text med särskilda tecken behöver citattecken",
    ),
    ("unexpected character", "tecknet kan inte stå först i en text", "sätt texten inom citattecken"),
    ("unexpected EOF", "filen tar slut mitt i", "skriv klart det som börjar här"),
    ("unexpected eof", "filen tar slut mitt i", "skriv klart det som börjar här"),
    ("unknown anchor", "alias (`*namn`) används inte", "skriv ut värdet, eller sätt texten inom citattecken"),
];
