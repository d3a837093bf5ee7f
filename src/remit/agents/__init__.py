"""Agents: prompt, route, tools and limits as data, and the loop that runs them."""
