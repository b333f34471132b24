"""Models behind an API: vendors' own SDKs over one transport that stamps every chunk as it comes off the socket."""
