"""What only one subject needs: its data, its panes, its answers, in a room each."""
