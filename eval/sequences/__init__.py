"""Next purchase: how high does each method rank what shoppers took next, among the whole catalogue?"""
