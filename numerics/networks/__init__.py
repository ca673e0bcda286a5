"""The flow of K neurons with a common output, to third order in the weights or on frozen samples.

Read ``right_hand_side``, ``drift``, ``steps`` (its integration), ``result``, ``solve``; on frozen samples
``frozen_drift``, ``frozen_flow``, ``frozen_result``.
"""
