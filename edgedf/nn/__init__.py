"""Networks: teacher, student and baseline, and the parts they are made of."""
