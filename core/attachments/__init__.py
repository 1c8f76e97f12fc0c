"""Files on the timeline: stored under a name of our own, hashed into the chain, read under the subject's access."""
