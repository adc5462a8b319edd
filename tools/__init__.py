"""Use cases: one function per Call. No LangChain, no HTTP."""
