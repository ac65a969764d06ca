"""What a shopper did → what they are like: events in, a profile out, and the keeping of both."""
