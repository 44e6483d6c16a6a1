"""Watches ctDNA results and imaging reads on Kafka and says, with reasons, who needs attention."""
