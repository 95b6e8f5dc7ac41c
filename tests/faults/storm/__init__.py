"""The storm: engineers at work, and a nemesis that lets nothing go well.

The plan, wave by wave, comes from a seed alone (``plan``). ``engineer`` works it off on phones,
``nemesis`` on the network and the server, ``world`` is the server with all that stands behind it,
``run`` lets them loose, heals everything, waits for quiet and asks the oracle.
"""
