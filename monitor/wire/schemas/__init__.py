"""The JSON Schemas of what goes in and out: made, compared and held against all that was sent."""
