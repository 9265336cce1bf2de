"""What a development server watches."""
