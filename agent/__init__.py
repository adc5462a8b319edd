"""The conversation: the only folder that imports langgraph and langchain's agents."""
