"""What answers with no key and no network: a rule-based chat model over persona notes."""
