"""Dynamics from the drift: its expansion in cumulants, linear growth, bumps, fluctuations, committees.

Read ``drift``, ``dispersion``, ``bump``, ``fluctuations``, ``committee`` (several neurons), ``balanced`` (one of many).
"""
