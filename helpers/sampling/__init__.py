"""From logits to text: filters of the next token's distribution, draws from it, and votes among answers.

filters    what each setting does to logits, one short pure function each
draws      `Settings`, their order, and the token that is drawn
votes      what many answers to one question say together
"""
