"""Who is on call: the rotation as a pure function, and what is known of it at a moment."""
