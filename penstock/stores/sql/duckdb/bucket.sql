octave * 64 + ((bounded << 6) >> octave) - 64
