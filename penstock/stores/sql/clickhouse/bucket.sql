bitShiftRight(reinterpretAsUInt64(toFloat64(least(greatest(duration, 1), 9007199254740992))), 46) - 65472
