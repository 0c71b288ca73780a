//! Which entries are kept out of the history: those that may contain a secret.

use grizzly_grammar::lexer::lex;
use grizzly_grammar::token::Kind;

/// The words beside which a text may be a secret.
const WORDS: &[&str] =
    &["secret", "secrets", "password", "passphrase", "token", "api_key", "access_key", "key_id"];

/// Whether an entry may contain a secret: it makes or changes one, names an option that holds one,
/// or has an address with a password in it.
pub fn may_hold_secret(text: &str) -> bool {
    let mut named = false;
    let mut texts = false;
    for token in lex(text) {
        let written = token.span.text(text);
        match token.kind {
            Kind::SingleText | Kind::DoubleText | Kind::OpenText => {
                if has_password(written) {
                    return true;
                }
                texts = true;
            }
            _ => {
                let word = written.trim_matches(['`', '"']).to_ascii_lowercase();
                named |= WORDS
                    .iter()
                    .any(|secret| word == *secret || word.ends_with(&format!("_{secret}")));
            }
        }
    }
    named && texts
}

/// Whether a text has an address such as `postgres://user:password@host`.
fn has_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', ' ', '?', '\'', '"']).next().unwrap_or("");
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::may_hold_secret;

    #[test]
    fn secrets_are_kept_out() {
        for secret in [
            "CREATE SECRET s3 (TYPE s3, KEY_ID 'a', SECRET 'b');",
            "ALTER MASTER PASSWORD TO 'x';",
            "CREATE USER ann PASSWORD 'x",
            "ATTACH 'postgres://ann:pass@host/db' AS p;",
            "SET api_token = 'abc';",
        ] {
            assert!(may_hold_secret(secret), "{secret}");
        }
        for plain in [
            "SELECT * FROM users WHERE name = 'password';",
            "SHOW SECRETS;",
            "FROM 'https://example.org/a@b.csv';",
            "SELECT password FROM users;",
        ] {
            assert!(!may_hold_secret(plain), "{plain}");
        }
    }
}
