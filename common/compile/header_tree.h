/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributions part a kernel's headers into two trees: what the configuration made, and what all
 * configurations share. libbcc joins the two for the running kernel only.
 */
#ifndef SNOOPKIT_HEADER_TREE_H
#define SNOOPKIT_HEADER_TREE_H

/*
 * Makes the directory joined of both trees, by symbolic links: a directory is made anew only where
 * both trees have it. Of a file in both, build's is taken. source may be "" or the same tree as
 * build. Paths are absolute. Returns 0 or a negative errno.
 */
int header_tree_join(const char *build, const char *source, const char *joined);

#endif
