// Prints "scenario seed digest" lines for a fixed list of runs; digests.sh compares them across compilers.
//
// A placeholder: it has no runs yet.
int main() { return 0; }
