"""What keeps a workspace well: the check before it runs, the doctor, the database."""
