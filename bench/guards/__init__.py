"""How often guards stop what is innocent, and what they miss: on AgentDojo's texts, and on data made with a seed."""
