"""What igcli's HTML pages share: the document around them, how they write numbers, small maps."""
