/* When a job begins with its work: the first use of its inputs and outputs, told by inotify.
 *
 * Of each directory below /opt/ml/processing the first file is recorded that is opened or moved there, of whatever kind.
 * To list or to make a directory is no work. inotify(7) does not say which process it was.
 *
 * Not seen: directories past MOST_DIRECTORIES, or more than DEEPEST below /opt/ml/processing; files that are reached by
 * a link from elsewhere; links that are made; and all of it where the kernel gives no inotify instance, or the user may
 * not read the directory. What the engine itself reads there while the container runs is seen as if a process did.
 */

#ifndef BEGINNING_H
#define BEGINNING_H

/* Begin to watch; returns how many directories are. Whatever was used before that is not told. */
int beginning_watch(void);

/* Whether something may have been used since; a signal told of it, and set ITIMER_REAL to come by soon. */
int beginning_is_due(void);

/* Record what it was. */
void beginning_look(void);

#endif
