"""Setting the documents as PDF: parts compiled by typst in processes of their own, joined by qpdf.

typst keeps what it has compiled, so that a long document in one piece would take gigabytes, and its
threads don't survive a fork: each part has a process that ends with it. See docs/decisions/report-pdf.md.
"""
