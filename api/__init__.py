"""The wire: HTTP, websocket, command line. No decisions."""
