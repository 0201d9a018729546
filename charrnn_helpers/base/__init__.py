"""What every room needs of Python and of the machine, and no notebook teaches."""
