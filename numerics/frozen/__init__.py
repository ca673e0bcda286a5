"""The population's flow on frozen samples: ``points`` are the samples, ``drift`` their average force, ``flow`` a flow
for each scramble until the error is met, ``result`` what they say together (theory.md section 6).
"""
