"""Real bookings of one resort hotel as events: one row of the published data set is one booking, dirt included."""
