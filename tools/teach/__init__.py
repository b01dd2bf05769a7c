"""The course, built from the chapters: notebooks for students and for teachers, a bank of quiz questions, slides."""
