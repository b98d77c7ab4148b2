"""Who may: credentials of institutions, devices, persons and services, and the scope each one covers."""
