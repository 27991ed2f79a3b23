"""One kernel on more and more CPUs: its rate, and the energy that a hash takes."""
