// SPDX-License-Identifier: Apache-2.0
/* nothing: a program that does nothing; also built for 32 bits where the compiler can. */
int main(void)
{
	return 0;
}
