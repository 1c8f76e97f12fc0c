"""What every subject's page does with people, as dialogs; the subject's admin takes them in."""
