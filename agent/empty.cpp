namespace deed {}
