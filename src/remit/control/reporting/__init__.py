"""Figures for those who answer for agents: what they cost, how well they do, whether objectives are met, a month on
a page.
"""
