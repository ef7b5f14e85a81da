-- Words of posts, by the post. The words come folded and cut from the text room; nothing of the text is kept here.
create virtual table status_words using fts5 (words, content = '', contentless_delete = 1, 
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'");
