"""The words of the trade, that everything else is built of."""
