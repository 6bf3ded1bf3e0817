# When more people write than can be answered.
too-busy = Very many people are here right now. Nothing was lost that you had confirmed; please try again in a minute.
toast-too-busy = Very many people are here right now. Please try again in a minute.
