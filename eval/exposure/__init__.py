"""Who gets seen, by brand and price, against who is relevant; with and without personalisation."""
