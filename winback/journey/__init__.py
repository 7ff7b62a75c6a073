"""What happens to each member of a cohort: may we write, which tactic, which stage, when. Pure decisions."""
