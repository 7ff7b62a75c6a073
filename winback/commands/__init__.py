"""The command's faces, by subject: what is typed in, and tables and sentences that come out. The deeds are in operations/."""
