"""The vocabulary of the field and the reconciliation of claims.

Vocabulary (units, indices, numbers, years) is data plus small readers that every stage may import.
"""
