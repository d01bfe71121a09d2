"""HTTP and the socket: what the page is sent, and the commands that it sends."""
